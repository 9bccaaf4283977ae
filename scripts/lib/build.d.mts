export function build(options?: { capture?: boolean; tidy?: boolean }): Promise<string>;
export function buildPrograms(options?: { capture?: boolean }): Promise<string>;
