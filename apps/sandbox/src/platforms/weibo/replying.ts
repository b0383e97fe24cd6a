import { parseJson } from '@huiliu/wire';
import { z } from 'zod';

const MAX_CHARS = 300;
const text = z.string();
const Articles = z.object({
  articles: z
    .array(z.object({ display_name: text.min(1), summary: text, image: text, url: z.url() }))
    .min(1)
    .max(8),
});
const Position = z.object({
  longitude: z.coerce.number().min(-180).max(180),
  latitude: z.coerce.number().min(-90).max(90),
});

/** A private message to a fan, as both the reply interface and the answer to a push carry it. */
export interface Reply {
  readonly type: string;
  readonly plain: string;
  readonly data: unknown;
}

/** Reads `type` and `data` (its JSON) as strictly as the platform does; answers the code of the refusal otherwise. */
export function readReply(type: string, data: string): Reply | number {
  let given: unknown;
  try {
    given = parseJson(data);
  } catch {
    return 10008;
  }
  switch (type) {
    case 'text': {
      const said = z.object({ text }).safeParse(given);
      if (!said.success) return 10008;
      if (said.data.text.trim() === '') return 20008;
      return said.data.text.length >= MAX_CHARS ? 20013 : { type, plain: said.data.text, data: given };
    }
    case 'articles': {
      const said = Articles.safeParse(given);
      if (!said.success) return 10008;
      const plain = said.data.articles.map(({ display_name, url }) => `${display_name}\n${url}`).join('\n');
      return { type, plain, data: given };
    }
    case 'position': {
      const said = Position.safeParse(given);
      if (!said.success) return 10008;
      return { type, plain: `${said.data.latitude}, ${said.data.longitude}`, data: given };
    }
    default:
      return 10008;
  }
}
