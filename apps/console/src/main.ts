import 'reflect-metadata';
import { runService } from '@huiliu/platform';
import { ConsoleModule } from './console.module';

void runService({ name: 'console', modules: () => [ConsoleModule] });
