import { hashParts } from '@huiliu/platform';

/** Conversations are spread over so many lanes; a lane is what processes share the sending by. */
export const HASH_LANES = 8;

export const hashLane = (n: number): string => `s${n}`;

/** The lane of a conversation: the same in every process and for ever. */
export const laneOf = (conversationId: string): string =>
  hashLane((hashParts([conversationId])[0] as number) % HASH_LANES);

/** The lane of an account whose connection is in one process: sends go out of that one. */
export const laneAccount = (accountId: string): string => `a/${accountId}`;

/** Every lane of an account lies between these names; `0` is the letter after `/`. */
export const ACCOUNT_LANES = ['a/', 'a0'] as const;

export const accountOfLane = (lane: string): string => lane.slice('a/'.length);

export const isAccountLane = (lane: string): boolean => lane.startsWith('a/');
