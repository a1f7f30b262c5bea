// The mapping language: mappings are loaded, checked and compiled here, and run by the stages.
export { compileCondition } from './condition.ts'
export { type LoadMappingsOptions, loadMappings } from './load.ts'
export {
  type MappingTest,
  type MappingTestOptions,
  type MappingTestReport,
  mappingTests,
  renderTestReport,
  runMappingTests,
} from './testing/test-files.ts'
export type {
  Direction,
  LinkWanted,
  MapContext,
  MapError,
  Mapper,
  Mapping,
  MappingSet,
  MapResult,
  RuleInfo,
  TraceStep,
} from './types.ts'
export { validateRecord } from './validate.ts'
