import { KafkaBus } from '../kafka/kafka-bus';
import { handlingSuite } from './handling.suite';
import { troubleSuite } from './trouble.suite';

jest.setTimeout(60_000);

// What the bus promises holds as well where handlers get what several lanes have waiting.
const subscribe = KafkaBus.prototype.subscribe;
KafkaBus.prototype.subscribe = function (topic, options, handler) {
  return subscribe.call(this, topic, { ...options, together: true }, handler);
};

handlingSuite('kafka');
troubleSuite('kafka');
