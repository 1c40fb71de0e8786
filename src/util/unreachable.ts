/** Closes an exhaustive `switch`: adding a member to the union makes every such switch a type error. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
