/**
 * The software bill of materials, with the package under its own name: npm names the component after the folder that it lies in, which
 * in a clone may be any.
 *
 * @param written what `npm sbom` has written (CycloneDX)
 */
export function billOfMaterials(written: string, name: string): string {
  const bill = JSON.parse(written) as { metadata: { component: { name: string } } }
  bill.metadata.component.name = name
  return `${JSON.stringify(bill, undefined, 2)}\n`
}
