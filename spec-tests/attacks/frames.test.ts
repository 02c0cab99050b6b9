import { frameAttacks } from './catalogue/frames.ts'
import { describeAttacks } from './describe-attacks.ts'

describeAttacks('frames', frameAttacks)
