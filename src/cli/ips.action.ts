import { addressHistory } from '../explain/address-history.ts'
import { lifecycle as say } from '../explain/messages/en-lifecycle.ts'
import { addressHistoryText } from '../explain/text/address-history.ts'
import { inputError } from '../util/diagnostics.ts'
import { played } from './get.action.ts'
import { print } from './output.ts'

export function ips(scenario: string, options: { readonly seed?: number }): void {
  const { life, recorder } = played(scenario, 'frames', options)
  if (life === null) throw inputError(say.standsStill, 'manifests, or a scenario')
  const { requests, failed } = life.traffic
  const traffic = requests.length === 0 ? [] : ['', say.requests(requests.length, failed.length)]
  print([...addressHistoryText(addressHistory(recorder)), ...traffic])
}
