import { ConnectorError, type ErrorKind } from '../contract/errors';
import { GuardedFetchError } from './guarded-fetch';

/** What one of a platform's codes means to us, and how people are told. */
export interface Meaning {
  readonly kind: ErrorKind;
  readonly says: string;
  readonly retryAfterMs?: number;
}

/** A refusal of the platform, with its code and its own words behind ours. */
export function refusalOf({ kind, says, retryAfterMs }: Meaning, code: string, words: string): ConnectorError {
  return new ConnectorError(kind, code, `${says}（${`${code} ${words.slice(0, 300)}`.trim()}）`, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** What came of a call that the platform's interface did not answer. */
export interface CallErrors {
  /** An answer that is none of the interface's: a proxy's, a gateway's. */
  readonly errorOfStatus: (status: number) => ConnectorError;
  /**
   * What kept us from an answer. `acts`: the call does something, so that without an answer nobody knows whether it was done. The cause is
   * left out: it holds the address, and so the token.
   */
  readonly errorOfFetch: (error: unknown, acts: boolean) => ConnectorError;
}

/** `platform`: how people call it. */
export function callErrors(platform: string): CallErrors {
  return {
    errorOfStatus: (status) =>
      status === 429 || status >= 500
        ? new ConnectorError('transient', `http_${status}`, `${platform}接口暂时不可用（HTTP ${status}）`)
        : new ConnectorError('rejected', `http_${status}`, `${platform}接口拒绝了请求（HTTP ${status}）`),
    errorOfFetch: (error, acts) => {
      if (error instanceof ConnectorError) return error;
      const failure = error instanceof GuardedFetchError ? error.failure : 'unanswered';
      switch (failure) {
        case 'refused':
          return new ConnectorError('rejected', 'address_refused', '接口地址不被允许访问');
        case 'too_large':
          return new ConnectorError('rejected', 'too_large', '文件太大');
        case 'unsent':
          return new ConnectorError('transient', 'no_connection', `连不上${platform}接口`);
        case 'unanswered':
          return acts
            ? new ConnectorError('outcome_unknown', 'no_answer', `${platform}没有回应，不知道消息是否已发出`)
            : new ConnectorError('transient', 'no_answer', `${platform}没有回应`);
      }
    },
  };
}
