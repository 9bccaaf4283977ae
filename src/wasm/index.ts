export { type AnyExports, type HostFunctions, instantiate, ModuleCache } from './cache.js';
export { Code, type Func, type Label, type Local } from './code.js';
export { type FuncOptions, type MemoryLimits, type ModuleOptions, WasmModule } from './module.js';
export { type Immediate, type OpcodeRow, type OpName, opcodes, type ValType } from './opcodes.js';
