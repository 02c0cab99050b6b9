import { floodAttacks } from './catalogue/floods.ts'
import { describeAttacks } from './describe-attacks.ts'

describeAttacks('floods', floodAttacks)
