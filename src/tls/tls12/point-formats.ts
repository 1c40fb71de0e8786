import type { TlsRole } from '../../trace/steps/tls.ts'
import { TlsError } from '../alert.ts'
import { find } from '../extension/build.ts'
import { ecPointFormats } from '../extension/codecs.ts'
import type { Extension } from '../extension/extension.ts'

/** Who sends ec_point_formats has the uncompressed format, 0, among them (RFC 8422 5.1.2, 5.2). */
export function checkPointFormats(extensions: readonly Extension[], by: TlsRole): void {
  const formats = find(extensions, 'ec_point_formats', ecPointFormats)
  if (formats === null || formats.includes(0)) return
  const rule = `ec_point_formats holds the uncompressed format, 0, not ${formats.join(', ')} alone`
  throw new TlsError('illegal_parameter', rule, by === 'client' ? 'RFC 8422 5.1.2' : 'RFC 8422 5.2')
}
