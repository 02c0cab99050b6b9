import { runInWorker } from './port-page.ts'

runInWorker()
