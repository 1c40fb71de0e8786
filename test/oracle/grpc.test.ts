import { createServer, type IncomingHttpHeaders } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { expect, it } from 'vitest'
import { healthRequest } from '../../src/app/grpc/health.ts'

// nghttp2, by way of Node: what a kubelet of ours says to a gRPC server is one call of the health service to it.
it('a real HTTP/2 server takes our health request', async () => {
  const server = createServer()
  const seen = new Promise<{ headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    server.on('sessionError', reject)
    server.on('stream', (stream, headers) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => resolve({ headers, body: Buffer.concat(chunks) }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(healthRequest('10.244.1.3:50051', 'shop.Checkout', 'kube-probe/1.35'))
  const { headers, body } = await seen
  socket.destroy()
  server.close()
  expect(headers).toMatchObject({
    ...{ ':method': 'POST', ':scheme': 'http', ':path': '/grpc.health.v1.Health/Check' },
    ...{ ':authority': '10.244.1.3:50051', 'content-type': 'application/grpc', te: 'trailers' },
  })
  // Not compressed, fifteen bytes: field 1, a string of thirteen.
  expect(body.toString('hex')).toBe(`000000000f0a0d${Buffer.from('shop.Checkout').toString('hex')}`)
})
