import 'reflect-metadata';
import { runService } from '@huiliu/platform';
import { EdgeModule } from './edge.module';

void runService({ name: 'edge', modules: () => [EdgeModule] });
