import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { describeBudget, measureBudget } from './check/size.ts'

/* `--report` only tells the size: a build is no less of a build for being large. */

const budget = await measureBudget(fileURLToPath(new URL('../..', import.meta.url)))
console.log(describeBudget(budget))
process.exitCode = budget.withinBudget || process.argv.includes('--report') ? 0 : 1
