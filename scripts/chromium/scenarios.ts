import { arrivalScenarios } from './arrivals.ts'
import { calls } from './calls.ts'
import { openings } from './openings.ts'
import type { Scenario } from './scenario.ts'
import { streams } from './streams.ts'

/** All of them. Their names are different, and what is known of a difference is held by the name. */
export const scenarios: readonly Scenario[] = [...openings, ...arrivalScenarios, ...calls, ...streams]
