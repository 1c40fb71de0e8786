import { expect, it } from 'vitest'
import { judge } from '../../src/pki/path/judge.ts'
import { allShapes } from './shapes.ts'

it.each(allShapes().map((shape) => [shape.label, shape] as const))('%s', (_, { codes, ...question }) => {
  const { verdict, events } = judge(question)
  expect(verdict.errors.map((error) => error.code)).toEqual(codes)
  expect(verdict.ok).toBe(codes.length === 0)
  expect(JSON.parse(JSON.stringify(events))).toEqual(events)
})
