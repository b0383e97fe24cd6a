import { z } from 'zod';
import { SafeText } from './content';

/** The platform's own id of one of its servicers. */
export const ServicerId = SafeText.min(1).max(128);

/** Most servicers that are shown of one account. */
export const MOST_SERVICERS = 500;

/** One of us who answers in a platform's own tool. `available`: the platform lets them take conversations now. */
export const Servicer = z.object({ id: ServicerId, name: z.string().max(255), available: z.boolean() });
export type Servicer = z.infer<typeof Servicer>;
