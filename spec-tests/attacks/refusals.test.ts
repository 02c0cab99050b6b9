import { refusalAttacks } from './catalogue/refusals.ts'
import { describeAttacks } from './describe-attacks.ts'

describeAttacks('refusals', refusalAttacks)
