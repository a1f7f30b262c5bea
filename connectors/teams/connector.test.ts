import { conformance } from '#connector/conformance'
import connector from './connector.ts'

conformance(connector, import.meta.dirname)
