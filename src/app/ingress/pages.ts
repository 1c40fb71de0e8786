import { utf8 } from '../../util/bytes.ts'
import type { HttpResponse } from '../http/message.ts'

/** As NGINX words its own pages (ngx_http_special_response). */
const TITLE = {
  308: '308 Permanent Redirect',
  400: '400 Bad Request',
  404: '404 Not Found',
  502: '502 Bad Gateway',
  503: '503 Service Temporarily Unavailable',
  504: '504 Gateway Time-out',
} as const

export type PageStatus = keyof typeof TITLE

/** A page of NGINX's own. `more`: a line below the title. */
export function page(status: PageStatus, headers: HttpResponse['headers'] = [], more = ''): HttpResponse {
  const title = TITLE[status]
  const lines = [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
    ...(more === '' ? [] : [`<center>${more}</center>`]),
    '<hr><center>nginx</center>',
    '</body>',
    '</html>',
    '',
  ]
  return { status, headers: [['Content-Type', 'text/html'], ...headers], body: utf8(lines.join('\r\n')) }
}
