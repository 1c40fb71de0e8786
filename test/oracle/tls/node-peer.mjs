// A TLS peer on Node's own tls, for whichever Node runs it. One JSON argument; prints what it saw as JSON lines.
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import tls from 'node:tls'

const o = JSON.parse(process.argv[2])
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const common = {
  minVersion: o.version,
  maxVersion: o.version,
  ciphers: o.ciphers,
  ecdhCurve: o.groups,
  ca: readFileSync(o.roots),
  ...(o.cert ? { cert: readFileSync(o.cert), key: readFileSync(o.key) } : {}),
  ...(o.alpn ? { ALPNProtocols: [o.alpn] } : {}),
}
const reversed = (line) => [...line].reverse().join('')

/** Answers a line with itself reversed. */
function serve() {
  const server = tls.createServer({ ...common, requestCert: o.verify, rejectUnauthorized: o.verify }, (socket) => {
    say({ resumed: socket.isSessionReused(), authorized: socket.authorized, alpn: socket.alpnProtocol })
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end >= 0) socket.end(`${reversed(text.slice(0, end))}\n`)
    })
  })
  server.on('tlsClientError', (error) => say({ error: String(error) }))
  server.listen(0, '127.0.0.1', () => say({ port: server.address().port }))
}

/** Sends a line (or a file), reads what comes back; twice where resumption is asked for. */
async function visit() {
  let session
  for (let i = 0; i < (o.resume ? 2 : 1); i++) session = await once(session)
  process.exitCode = 0
}

function once(session) {
  return new Promise((resolve, reject) => {
    let next = session
    let text = ''
    const socket = tls.connect({ ...common, host: '127.0.0.1', port: o.port, servername: o.name, session }, () => {
      if (!o.bulk) socket.write('hello\n')
      else createReadStream(o.bulk.upload).pipe(socket, { end: false })
    })
    if (o.bulk) socket.pipe(createWriteStream(o.bulk.download))
    socket.on('session', (value) => {
      next = value
    })
    socket.on('data', (chunk) => {
      if (!o.bulk) text += chunk
    })
    socket.on('error', reject)
    socket.on('end', () => {
      say({ resumed: socket.isSessionReused(), authorized: socket.authorized, alpn: socket.alpnProtocol, text })
      socket.end()
      resolve(next)
    })
  })
}

if (o.role === 'server') serve()
else {
  visit().catch((error) => {
    say({ error: String(error) })
    process.exit(1)
  })
}
