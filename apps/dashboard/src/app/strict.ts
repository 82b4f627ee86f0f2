import { z } from 'zod';

// Zod would make functions of texts, which the page's policy forbids. Imported before everything that parses.
z.config({ jitless: true });
