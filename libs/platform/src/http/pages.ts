import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { basename, extname, join, resolve } from 'node:path';
import { notFound } from '../errors/app-error';

/** Where the built pages of an app are (`dist/web/<name>`), whether we run from `dist` or from the sources. */
export function webFolder(name: string): string {
  const base = resolve(__dirname, '../../../..');
  return join(basename(base) === 'dist' ? base : join(base, 'dist'), 'web', name);
}

export interface PagesOptions {
  /** Path under which the pages are, without a slash at the end; empty for the root. */
  readonly prefix: string;
  readonly folder: string;
  /** Answers a browser's paths that name no file with `index.html`: the page routes by itself. Programs get the 404. */
  readonly singlePage: boolean;
  /** Paths under the prefix that belong to someone else: 404, never a page. */
  readonly leave?: (path: string) => boolean;
}

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** Serves built pages: files below `assets/` (their names change with their content) for ever, the rest asked for anew. */
export function servePages(fastify: FastifyInstance, options: PagesOptions): void {
  void fastify.register(async (scope) => {
    await scope.register(fastifyStatic, { root: options.folder, serve: false });
    const send = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const path = decodeURI(request.url.split('?', 1)[0]!);
      const file = path.slice(options.prefix.length + 1);
      if (options.leave?.(path) === true) throw notFound();
      if (file.startsWith('assets/'))
        return reply.sendFile(file, { maxAge: YEAR_MS, immutable: true, cacheControl: true });
      const routed = options.singlePage && extname(file) === '' && /\btext\/html\b/.test(request.headers.accept ?? '');
      const page = file === '' || routed ? 'index.html' : file;
      return reply.header('cache-control', 'no-cache').sendFile(page, { cacheControl: false });
    };
    if (options.prefix !== '')
      scope.get(options.prefix, (_request, reply) => reply.redirect(`${options.prefix}/`, 308));
    scope.get(`${options.prefix}/*`, send);
  });
}
