import { SIGNALS, TOPICS, channelMedia, channelOutbound, dlqTopicOf, type TopicSpec } from '@huiliu/contracts';

const known = new Map<string, TopicSpec>(TOPICS.map((spec) => [spec.name, spec]));

/** True for the topics that tell what could not be handled. */
export const isDlqTopic = (name: string): boolean => /\.dlq\.v\d+$/.test(name);

/** Remembers a topic that is known to no list, so that its name is enough later. */
export function rememberTopic(spec: TopicSpec): void {
  known.set(spec.name, spec);
}

/** The spec of a topic by its name on the wire; undefined when nothing tells how such a topic is made. */
export function specOf(name: string): TopicSpec | undefined {
  const spec = known.get(name);
  if (spec) return spec;
  const outbound = /^channel\.outbound\.(.+)\.v1$/.exec(name)?.[1];
  if (outbound !== undefined && !isDlqTopic(name)) return channelOutbound(outbound);
  const media = /^channel\.media\.(.+)\.v1$/.exec(name)?.[1];
  if (media !== undefined && !isDlqTopic(name)) return channelMedia(media);
  const source = /^(.+)\.dlq\.v1$/.exec(name)?.[1];
  return source === undefined ? undefined : dlqTopicOf(`${source}.v1`);
}

/** The DLQ topics of everything that is consumed under a group, for the app that lists them. */
export function allDlqTopics(connectorApps: readonly string[]): TopicSpec[] {
  const sources = TOPICS.filter((spec) => spec !== SIGNALS).map((spec) => spec.name);
  const ofApps = connectorApps.flatMap((app) => [channelOutbound(app).name, channelMedia(app).name]);
  return [...sources, ...ofApps].map(dlqTopicOf);
}
