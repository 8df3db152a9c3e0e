/** Commands to the server. Each press of a person is one command, however often it is sent. */

export interface Answer {
  ok: boolean;
  /** Why not, in the server's words. */
  text: string;
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Sends a command; tries once more with the same key when no answer came. */
export async function command(action: 'halt' | 'resume', reason: string): Promise<Answer> {
  const key = newKey();
  const once = () =>
    fetch(`/api/v1/commands/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-at': '1', 'idempotency-key': key },
      body: JSON.stringify({ reason }),
      signal: AbortSignal.timeout(5_000),
    });
  let response: Response;
  try {
    response = await once().catch(once);
  } catch {
    return { ok: false, text: 'The server does not answer. If it must stop now, end the process.' };
  }
  if (response.ok) return { ok: true, text: '' };
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  return { ok: false, text: problem.detail ?? `The server refused (${response.status}).` };
}
