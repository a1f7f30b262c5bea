// The mapping language: mappings are loaded, checked and compiled here, and run by the stages.
export { compileCondition } from './condition.ts'
export { explanation } from './explain.ts'
export { type LoadMappingsOptions, loadMappings } from './load.ts'
export { mappingTests, renderTestReport, runMappingTests } from './testing/test-files.ts'
export type { Mapping, MappingSet } from './types.ts'
export { validateRecord } from './validate.ts'
