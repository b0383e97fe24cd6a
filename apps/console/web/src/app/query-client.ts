import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/errors';

/** Frames keep what is shown fresh, so nothing is fetched again by age or focus; a refusal is not asked twice. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (count, error) => count < 3 && error instanceof ApiError && error.uncertain,
      retryDelay: (attempt) => Math.min(8000, 500 * 2 ** attempt),
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});
