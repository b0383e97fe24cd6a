import { ConnectorError } from '@huiliu/connector-kit';

/** The status codes of gRPC, by which a puppet service tells what became of a call. */
const GRPC = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Said before a call has left: by gRPC without a connection, by the puppet before it is ready. */
const NEVER_LEFT = /no connection established|ECONNREFUSED|name resolution|NO CLIENT|no grpc manager|not logged in/i;

/** What a puppet's failure means to a send. Without a plain answer nobody knows whether it went out. */
export function sendErrorOf(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { code, message = '' } = error as { code?: number; message?: string };
  if (NEVER_LEFT.test(message))
    return new ConnectorError('transient', 'not_connected', '微信没有登录，或连不上 Puppet 服务');
  if (/unsupported/i.test(message) || code === GRPC.unimplemented)
    return new ConnectorError('unsupported', 'puppet', '这个 Puppet 不能发送这类消息');
  switch (code) {
    case GRPC.invalidArgument:
    case GRPC.notFound:
    case GRPC.permissionDenied:
    case GRPC.failedPrecondition:
      return new ConnectorError('rejected', `grpc_${code}`, `微信拒绝了这条消息（${said(message)}）`);
    case GRPC.resourceExhausted:
      return new ConnectorError('rate_limited', 'grpc_8', '发送太频繁');
    case GRPC.unauthenticated:
      return badToken();
    default:
      return new ConnectorError(
        'outcome_unknown',
        code === undefined ? 'puppet' : `grpc_${code}`,
        `Puppet 没有确认，不知道消息是否已发出（${said(message)}）`,
      );
  }
}

/** What keeps us from the puppet service. */
export function connectionErrorOf(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { code, message = '' } = error as { code?: number; message?: string };
  if (code === GRPC.unauthenticated || /^16 |UNAUTHENTICATED|Invalid Wechaty TOKEN/.test(message)) return badToken();
  return new ConnectorError('transient', 'not_connected', `连不上 Puppet 服务（${said(message)}）`);
}

/** What is wrong when a file cannot be fetched: only a plain "not there" is final. */
export function fileErrorOf(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { code, message = '' } = error as { code?: number; message?: string };
  return code === GRPC.notFound || /no filebox|not found|expired/i.test(message)
    ? new ConnectorError('rejected', 'no_file', '文件已不在手机上')
    : new ConnectorError('transient', 'no_file_yet', `暂时取不到文件（${said(message)}）`);
}

const badToken = (): ConnectorError =>
  new ConnectorError('auth', 'bad_token', 'Puppet 服务不接受这个令牌，请检查账号配置');

/** The first line, without what may be the token. */
const said = (message: string): string => (message.split('\n', 1)[0] as string).replace(/"[^"]*"/g, '…').slice(0, 200);
