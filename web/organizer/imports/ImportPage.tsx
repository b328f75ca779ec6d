/** What will this file do? Nothing is written before the last step. */
import { useState } from 'react'
import { Refused } from '../../kit/Refused.tsx'
import { useUrl } from '../../kit/url.ts'
import { Columns, NameColumn } from './Columns.tsx'
import { Earlier } from './Earlier.tsx'
import { FileChoice } from './FileChoice.tsx'
import styles from './imports.module.css'
import { JobProgress } from './JobProgress.tsx'
import { Result } from './Result.tsx'
import { ErrorsFile, Review } from './Review.tsx'
import { mappingOf, type Heading, type Mapping } from './mapping.ts'
import { headingsOf, useUpload, type Reviewed } from './upload.ts'
import { WORDS } from './words.ts'

/** `job`: the import that runs. */
export type ImportUrl = { job?: string | undefined }

const stepOf = (file: File | null, review: Reviewed | null, isMapped: boolean): number =>
  file === null ? 0 : !review || !isMapped ? 1 : 2

export function ImportPage() {
  const [{ job }, setUrl] = useUrl<ImportUrl>()
  const [done, setDone] = useState<Reviewed | null>(null)
  const again = () => {
    setDone(null)
    setUrl({ job: undefined })
  }
  return (
    <>
      <h1>{WORDS.title}</h1>
      {job ? (
        <Step now={3}>
          <JobProgress importId={job} onAgain={again} />
        </Step>
      ) : done ? (
        <Step now={3}>
          <Result counts={done} rejectedUrl={done.rejectedUrl} onAgain={again} />
        </Step>
      ) : (
        <Wizard onDone={setDone} onJob={(importId) => setUrl({ job: importId }, true)} />
      )}
      <Earlier />
    </>
  )
}

function Wizard({ onDone, onJob }: { onDone: (result: Reviewed) => void; onJob: (importId: string) => void }) {
  const upload = useUpload()
  const [file, setFile] = useState<File | null>(null)
  const [review, setReview] = useState<Reviewed | null>(null)
  const [mapping, setMapping] = useState<Mapping>({})
  const [isMapped, setMapped] = useState(false)
  const unnamed = headingsOf(upload.error)

  const read = (file: File, mapping: Mapping, isMapped: boolean) => {
    setFile(file)
    setMapping(mapping)
    const onSuccess = (result: Awaited<ReturnType<typeof upload.mutateAsync>>) => {
      if (!('rows' in result)) return
      setReview(result)
      setMapped(isMapped)
    }
    upload.mutate({ file, mapping, dryRun: true }, { onSuccess })
  }
  const importNow = () => {
    if (!file) return
    const onSuccess = (result: Awaited<ReturnType<typeof upload.mutateAsync>>) =>
      'rows' in result ? onDone(result) : onJob(result.importId)
    upload.mutate({ file, mapping, dryRun: false }, { onSuccess })
  }
  const restart = () => {
    upload.reset()
    setFile(null)
    setReview(null)
    setMapped(false)
  }
  const step = stepOf(file, review, isMapped)
  const found = (review?.file.columns ?? []) as Heading[]
  return (
    <Step now={step}>
      {upload.isPending && !review ? <p role="status">{WORDS.reading}</p> : null}
      {unnamed ? null : <Refused error={upload.error} />}
      {step === 0 || (upload.error && !unnamed && !review) ? (
        <FileChoice onChoose={(file) => read(file, {}, false)} />
      ) : null}
      {file && unnamed ? (
        <NameColumn headings={unnamed} onChoose={(name) => read(file, { name }, false)} onBack={restart} />
      ) : null}
      {file && review && step === 1 ? (
        <Columns
          found={found}
          isBusy={upload.isPending}
          onReview={(chosen) => read(file, { ...mapping, ...mappingOf(found, chosen) }, true)}
          onBack={restart}
        />
      ) : null}
      {file && review && step === 2 ? (
        <Review
          review={review}
          isBusy={upload.isPending}
          onImport={importNow}
          onBack={() => setMapped(false)}
          errorsFile={<ErrorsFile file={file} mapping={mapping} count={review.rejected} />}
        />
      ) : null}
    </Step>
  )
}

function Step({ now, children }: { now: number; children: React.ReactNode }) {
  return (
    <section className={styles['card']}>
      <ol className={styles['steps']}>
        {WORDS.steps.map((name, index) => (
          <li key={name} {...(index === now ? { 'aria-current': 'step' } : {})}>
            {index + 1} {name}
          </li>
        ))}
      </ol>
      {children}
    </section>
  )
}
