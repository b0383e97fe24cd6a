export { Feed, FeedCursor, type FeedEntry, type FeedOptions } from './feed';
export { FeedStream, type FeedSink, type FeedStreamOptions } from './feed-stream';
