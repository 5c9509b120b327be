/** A question that cannot be answered: the asker's fault, told with its status, code and what to do. */
export class Refusal extends Error {
  constructor(
    readonly status: 400 | 403 | 404 | 503,
    readonly code: string,
    message: string,
    readonly fix?: string,
  ) {
    super(message);
  }
}

export function notFound(code: string, message: string, fix?: string): Refusal {
  return new Refusal(404, code, message, fix);
}
