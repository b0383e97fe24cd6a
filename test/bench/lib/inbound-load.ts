import type { Producer } from 'kafkajs';
import { inboundRecord, type BenchConversation } from './messages';

const AT_ONCE = 2_000;

/**
 * Writes messages into an inbound topic, the conversations in turn, as many of each as come to it. Answers how many each conversation
 * got. In order: one batch at a time.
 */
export async function loadInbound(
  producer: Producer,
  topic: string,
  accountId: string,
  conversations: readonly BenchConversation[],
  count: number,
): Promise<Map<string, number>> {
  const sent = new Map<string, number>();
  for (let from = 0; from < count; from += AT_ONCE) {
    const messages = [];
    for (let i = from; i < Math.min(count, from + AT_ONCE); i++) {
      const conversation = conversations[i % conversations.length]!;
      const nth = sent.get(conversation.id) ?? 0;
      sent.set(conversation.id, nth + 1);
      const envelope = inboundRecord(accountId, conversation, nth, new Date());
      messages.push({ key: envelope.key, value: JSON.stringify(envelope) });
    }
    await producer.sendBatch({ acks: -1, topicMessages: [{ topic, messages }] });
  }
  return sent;
}
