import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './shared/ui/tokens.css';
import './shared/ui/base.css';
import { App } from './app/app.tsx';
import { applyTheme } from './shared/preferences/theme.ts';

applyTheme();
const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
