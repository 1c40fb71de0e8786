import { constraintShapes, nameShapes } from './names.ts'
import { faultShapes, pathShapes } from './paths.ts'
import { crlShapes, policyShapes, ruleShapes } from './rules.ts'
import type { Shape } from './shape.ts'

export const allShapes = (): readonly Shape[] => [
  ...faultShapes(),
  ...pathShapes(),
  ...ruleShapes(),
  ...nameShapes(),
  ...constraintShapes(),
  ...crlShapes(),
  ...policyShapes(),
]
