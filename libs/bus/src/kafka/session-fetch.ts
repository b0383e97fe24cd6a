import Broker from 'kafkajs/src/broker';
import { requests } from 'kafkajs/src/protocol/requests';
import { FetchSession, type SessionFields } from './fetch-session';

const FETCH = 1;
/** From this version on a Fetch may belong to a session. */
const WITH_SESSIONS = 7;
const SESSION_ID_NOT_FOUND = 70;
let mended = false;
/** Of the Fetch that is being written in this very moment: the client does that at once when it is asked to fetch. */
let writing: SessionFields | null = null;

/**
 * From now on each consumer of this process reads in a fetch session of its own with each broker. By itself the client names all its partitions
 * in each Fetch, is told of all of them and looks at each: at some dozens, for a record in one.
 */
export function fetchInSessions(): void {
  if (mended) return;
  mended = true;
  const { Fetch } = requests;
  const protocol = Fetch.protocol.bind(Fetch);
  Fetch.protocol = (options) => {
    const make = protocol(options);
    return (call) => make(writing === null ? call : { ...call, ...writing });
  };
  const sessions = new WeakMap<Broker, FetchSession>();
  const fetch = Broker.prototype.fetch;
  Broker.prototype.fetch = async function (this: Broker, call) {
    if (Number(this.versions?.[FETCH]?.maxVersion ?? 0) < WITH_SESSIONS) return fetch.call(this, call);
    const session = sessions.get(this) ?? new FetchSession();
    sessions.set(this, session);
    const asked = session.ask(call.topics);
    try {
      writing = asked.session;
      const answering = fetch.call(this, { ...call, topics: asked.topics });
      writing = null;
      const answer = await answering;
      if (answer.errorCode === 0) {
        asked.answered(answer.sessionId);
        return answer;
      }
      asked.failed(answer.errorCode === SESSION_ID_NOT_FOUND);
      return { ...answer, responses: [] };
    } catch (error) {
      writing = null;
      asked.failed(false);
      throw error;
    }
  };
}
