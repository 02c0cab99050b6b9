import type { ReportData, ReportRow, ReportRun } from './report-data.ts'

/** The parts of the DOM that the page's script uses. The types of Node.js have no DOM. */
interface Node {
  textContent: string | null
  className: string
  value: string
  checked: boolean
  hidden: boolean
  append(...children: (Node | string)[]): void
  replaceChildren(...children: Node[]): void
  setAttribute(name: string, value: string): void
  focus(): void
  addEventListener(type: string, listener: () => void): void
}

interface Document {
  createElement(name: string): Node
  getElementById(id: string): Node | null
}

/**
 * The script of a report page. It shows the matrix of files by subjects, the messages of a file on a click, and filters the files.
 * The page contains it as text, so it uses nothing from outside of its body except types.
 */
export function showReport(document: Document, data: ReportData): void {
  const element = (id: string) => document.getElementById(id)!
  const make = (name: string, className: string, ...children: (Node | string)[]): Node => {
    const node = document.createElement(name)
    node.className = className
    node.append(...children)
    return node
  }
  /** A path that breaks behind its slashes, where it has to be broken. Hyphens need no help. */
  const breakable = (path: string): (Node | string)[] => path.split(/(?<=\/)/).flatMap(part => [part, make('wbr', '')])
  const open = new Set<string>()

  const sum = (runs: readonly ReportRun[]) => ({
    passed: runs.reduce((passed, run) => passed + run.passed, 0),
    total: runs.reduce((total, run) => total + run.total, 0),
  })
  /** The class and a sign, for people who cannot tell the colours apart. */
  const standing = ({ passed, total }: { passed: number; total: number }): [className: string, sign: string] => {
    if (total === 0) return ['none', '–']
    if (passed === total) return ['pass', '✓']
    return passed === 0 ? ['fail', '✗'] : ['part', '◐']
  }
  const shown = (row: ReportRow): ReportRun[] => {
    const variant = element('variant').value
    const scope = element('scope').value
    return row.runs.filter(run => (variant === '' || run.variant === variant) && (scope === '' || run.scope === scope))
  }
  const passesFilters = (row: ReportRow): boolean => {
    const runs = shown(row)
    const words = element('filter').value.toLowerCase().split(' ').filter(Boolean)
    const only = element('only').value
    const standings = data.subjects.map(
      (_label, subject) => standing(sum(runs.filter(run => run.subject === subject)))[0],
    )
    return (
      runs.length > 0 &&
      words.every(word => row.file.toLowerCase().includes(word)) &&
      (only !== 'failures' || standings.some(name => name === 'fail' || name === 'part')) &&
      (only !== 'differences' || new Set(standings).size > 1)
    )
  }

  const cell = (runs: readonly ReportRun[]): Node => {
    const counted = sum(runs)
    const [className, sign] = standing(counted)
    return make('td', className, counted.total === 0 ? sign : `${sign} ${counted.passed}/${counted.total}`)
  }
  const messages = (runs: readonly ReportRun[]): Node => {
    const list = make('ul', 'messages')
    const failing = runs.filter(run => run.failures.length > 0)
    if (failing.length < runs.length)
      list.append(make('li', '', `${runs.length - failing.length} of ${runs.length} runs pass`))
    for (const run of failing) {
      const place = `${data.subjects[run.subject]}, ${run.variant} in ${run.scope}: ${run.passed} of ${run.total}`
      const item = make('li', '', make('b', '', place))
      for (const failure of run.failures) {
        item.append(make('div', 'subtest', failure.subtest), make('pre', '', failure.message))
        if (failure.expected !== undefined) item.append(make('div', 'expected', `expected: ${failure.expected}`))
      }
      list.append(item)
    }
    return list
  }
  const rowsOf = (row: ReportRow): Node[] => {
    const runs = shown(row)
    const button = make('button', '', ...breakable(row.file))
    button.setAttribute('type', 'button')
    button.setAttribute('id', `file ${row.file}`)
    button.setAttribute('aria-expanded', String(open.has(row.file)))
    const line = make('tr', 'file', make('th', '', button))
    line.append(...data.subjects.map((_label, subject) => cell(runs.filter(run => run.subject === subject))))
    line.addEventListener('click', () => {
      if (!open.delete(row.file)) open.add(row.file)
      show()
      // show() has replaced the button, so focus the new one for keyboard users.
      element(`file ${row.file}`).focus()
    })
    if (!open.has(row.file)) return [line]
    const told = make('td', 'told', messages(runs))
    told.setAttribute('colspan', String(data.subjects.length + 1))
    return [line, make('tr', '', told)]
  }

  const show = () => {
    const rows = data.rows.filter(passesFilters)
    const runs = rows.flatMap(shown)
    const totals = make('tr', 'totals', make('th', '', rows.length === 1 ? '1 file' : `${rows.length} files`))
    totals.append(...data.subjects.map((_label, subject) => cell(runs.filter(run => run.subject === subject))))
    element('rows').replaceChildren(totals, ...rows.flatMap(rowsOf))
  }

  element('heading').append(make('th', '', 'file'), ...data.subjects.map(label => make('th', 'subject', label)))
  for (const name of ['variant', 'scope'] as const) {
    for (const value of new Set(data.rows.flatMap(row => row.runs.map(run => run[name])))) {
      element(name).append(make('option', '', value))
    }
  }
  for (const id of ['filter', 'variant', 'scope', 'only']) element(id).addEventListener('input', show)
  for (const [name, value] of data.about) element('about').append(make('dt', '', name), make('dd', '', value))
  for (const { reason, files } of data.notRun) {
    const heading = make('summary', '', `${reason} (${files.length} ${files.length === 1 ? 'file' : 'files'})`)
    const list = make('ul', '', ...files.map(file => make('li', '', ...breakable(file))))
    element('not-run').append(make('details', '', heading, list))
  }
  element('not-run-section').hidden = data.notRun.length === 0
  show()
}
