import { compressionAttacks } from './catalogue/compression.ts'
import { describeAttacks } from './describe-attacks.ts'

describeAttacks('compression', compressionAttacks)
