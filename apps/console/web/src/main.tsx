import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { App } from './app/app';
import { applyPreferences, usePreferences } from './app/preferences';
import { queryClient } from './app/query-client';
import { guardAgainstStrayFiles } from './composer/file-drop';
import { startTranslations } from './i18n/i18n';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/list.css';
import './styles/thread.css';
import './styles/mail.css';
import './styles/side.css';
import './styles/settings.css';

startTranslations(usePreferences.getState().language);
applyPreferences();
guardAgainstStrayFiles();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <BrowserRouter>
        <App />
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
