import type { Command } from 'commander'

/** The group `podwire tls …`: made by whichever of its commands comes first. */
export function tlsGroup(program: Command): Command {
  return (
    program.commands.find((command) => command.name() === 'tls') ??
    program
      .command('tls')
      .description('certificates and handshakes: explain, judge, connect, serve')
      .addHelpText(
        'after',
        '\nExamples:\n  podwire tls inspect\n  podwire tls verify --roots ca.crt --chain tls.crt --name web.default.svc\n' +
          '  podwire tls serve --cert tls.crt --key tls.key --port 8443\n' +
          '  podwire tls connect localhost:8443 --roots ca.crt --name web',
      )
  )
}
