import { utf8 } from '../util/bytes.ts'
import { Malformed } from '../util/malformed.ts'
import { keepsAlive, type RequestHead } from '../wire/http/head.ts'
import { HttpParser } from '../wire/http/parser.ts'
import { withLength, writeResponse } from '../wire/http/writer.ts'
import type { TlsSocket } from './tls-socket.ts'

export interface Page {
  readonly status: number
  readonly reason: string
  readonly body: string
}

/** Answers HTTP/1.1 requests until the client goes; `respond` hears of each. Throws what reading the connection throws. */
export async function answerHttp(tls: TlsSocket, respond: (request: RequestHead) => Page): Promise<void> {
  const parser = new HttpParser('request')
  let head: RequestHead | null = null
  try {
    for await (const chunk of tls) {
      for (const output of parser.push(chunk)) {
        if (output.kind === 'request') head = output.head
        if (output.kind !== 'end' || head === null) continue
        const last = !keepsAlive(head)
        await tls.write(response(respond(head), head.method === 'HEAD', last))
        if (last) return
      }
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    await tls.write(response({ status: 400, reason: 'Bad Request', body: `${error.message}\n` }, false, true))
  } finally {
    if (tls.connection.open) tls.close()
  }
}

function response({ status, reason, body }: Page, head: boolean, last: boolean): Uint8Array {
  const bytes = utf8(body)
  const headers = [
    ['Date', new Date().toUTCString()],
    ['Content-Type', 'text/plain; charset=utf-8'],
    ...(last ? [['Connection', 'close'] as const] : []),
  ] as const
  const start = writeResponse({ status, reason, version: '1.1', headers: withLength(headers, bytes) })
  return head ? start : Buffer.concat([start, bytes])
}
