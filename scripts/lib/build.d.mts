export function build(options?: { capture?: boolean }): Promise<string>;
export function buildPrograms(options?: { capture?: boolean }): Promise<string>;
