import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Writes `.br` and `.gz` beside text files worth it: the server has no compressor, it picks a file. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle() {
      const walk = (folder: string): string[] =>
        readdirSync(folder).flatMap((name) => {
          const path = join(folder, name);
          return statSync(path).isDirectory() ? walk(path) : [path];
        });
      for (const path of walk('dist').filter((path) => /\.(html|js|css|svg|txt)$/.test(path))) {
        const bytes = readFileSync(path);
        if (bytes.length < 1024) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

/** Parts of the page that come from others, with the licences they ask to be shipped. */
const PARTS = ['svelte', 'lightweight-charts', 'fancy-canvas', '@fontsource-variable/inter'];

/** Writes `third-party.txt`, which the About dialog links to. */
function thirdParty(): Plugin {
  const text = (part: string): string => {
    const folder = join('node_modules', part);
    const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string; license: string };
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const licence = file === undefined ? `Licence: ${about.license}` : readFileSync(join(folder, file), 'utf8');
    const notice = part === 'lightweight-charts' ? `${LIGHTWEIGHT_CHARTS_NOTICE}\n\n` : '';
    return `${part} ${about.version}\n${'='.repeat(60)}\n${notice}${licence.trim()}\n`;
  };
  return {
    name: 'third-party',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'third-party.txt', source: PARTS.map(text).join('\n\n') });
    },
  };
}

const LIGHTWEIGHT_CHARTS_NOTICE =
  'TradingView Lightweight Charts\nCopyright (c) 2023 TradingView, Inc. https://www.tradingview.com/';

const server = process.env.AT_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [svelte(), thirdParty(), precompress()],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    // The server answers to its own name and to its own page only: the proxy speaks in its name.
    proxy: { '/api': { target: server, changeOrigin: true, ws: true, headers: { origin: server } } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
