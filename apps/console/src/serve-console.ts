import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** Paths that the page routes by itself. Named one by one: a path of anyone else's stays theirs, with their 404 and 405. */
const PAGES = ['/', '/login', '/settings', '/settings/*'];

/** Serves the built page: files below `assets/` (their names change with their content) for ever, the rest asked for anew. */
export function serveConsole(fastify: FastifyInstance, folder: string): void {
  void fastify.register(async (scope) => {
    await scope.register(fastifyStatic, { root: folder, serve: false });
    const fresh = (file: string) => (_request: FastifyRequest, reply: FastifyReply) =>
      reply.header('cache-control', 'no-cache').sendFile(file, { cacheControl: false });
    for (const path of PAGES) scope.get(path, fresh('index.html'));
    scope.get('/favicon.svg', fresh('favicon.svg'));
    scope.get('/assets/*', (request, reply) =>
      reply.sendFile(`assets/${(request.params as { '*': string })['*']}`, { maxAge: YEAR_MS, immutable: true }),
    );
  });
}
