/** What is said about a row of a list: stable codes, and their texts for people. */

export type RowError =
  | 'name_missing'
  | 'invalid_name'
  | 'invalid_phone'
  | 'invalid_email'
  | 'invalid_party_size'
  | 'invalid_tags'
  | 'invalid_locale'
  | 'invalid_notes'
  | 'invalid_id'
  | 'cell_error'
  | 'ambiguous_guest'
  | 'conflicting_row'
  | 'id_of_other'
  | 'places_exceeded'
export type RowNotice = 'repeated_row' | 'shared_phone' | 'shared_email'

export type Explanation = { 'es-MX': string; en: string }

export const EXPLANATIONS: Record<RowError | RowNotice, Explanation> = {
  name_missing: { 'es-MX': 'Falta el nombre del invitado.', en: 'The name of the guest is missing.' },
  invalid_name: {
    'es-MX': 'El nombre no se puede leer, o tiene más de 200 letras.',
    en: 'The name cannot be read, or has more than 200 letters.',
  },
  invalid_phone: {
    'es-MX': 'Escribe un solo número, con 10 dígitos (México) o con su clave de país, sin extensión.',
    en: 'Write one number, with 10 digits (Mexico) or with its country code, and without an extension.',
  },
  invalid_email: {
    'es-MX': 'Escribe un solo correo, como ana@example.com, sin acentos ni espacios.',
    en: 'Write one address such as ana@example.com, without accents or spaces.',
  },
  invalid_party_size: {
    'es-MX': 'Escribe un número entero: de 1 a 20 personas, el invitado incluido.',
    en: 'Write a whole number: 1 to 20 people, the guest included.',
  },
  invalid_tags: {
    'es-MX': 'Escribe hasta 50 etiquetas de 50 letras, separadas por comas.',
    en: 'Write up to 50 tags of 50 letters, separated by commas.',
  },
  invalid_locale: { 'es-MX': 'Escribe español o inglés.', en: 'Write Spanish or English.' },
  invalid_notes: { 'es-MX': 'Las notas tienen más de 2000 letras.', en: 'The notes have more than 2000 letters.' },
  invalid_id: {
    'es-MX': 'La clave tiene hasta 64 letras sin acentos, números, guiones y guiones bajos.',
    en: 'An id has up to 64 plain letters, digits, hyphens and underscores.',
  },
  cell_error: {
    'es-MX': 'La fórmula de la celda da un error: corrígela en la hoja.',
    en: 'The formula of the cell is an error: mend it in the sheet.',
  },
  ambiguous_guest: {
    'es-MX': 'Hay varios invitados con este nombre: agrega su teléfono, su correo o su clave.',
    en: 'Several guests have this name: add their phone, e-mail address or id.',
  },
  id_of_other: {
    'es-MX': 'Otro invitado tiene esta clave, con otro nombre, teléfono y correo: quita la clave o corrige la fila.',
    en: 'Another guest has this id, with another name, phone and address: take the id away or mend the row.',
  },
  conflicting_row: {
    'es-MX': 'Otra fila del archivo dice algo distinto del mismo invitado: deja solo una.',
    en: 'Another row of the file says something else about the same guest: keep only one.',
  },
  places_exceeded: {
    'es-MX': 'Ya entraron más personas de esta invitación que los pases de la fila.',
    en: 'More people of this invitation are already inside than the row has places.',
  },
  repeated_row: {
    'es-MX': 'Otra fila del archivo ya dice lo mismo de este invitado.',
    en: 'Another row of the file already says the same about this guest.',
  },
  shared_phone: {
    'es-MX': 'Otro invitado tiene este teléfono con otro nombre: quedan los dos.',
    en: 'Another guest has this phone under another name: both are kept.',
  },
  shared_email: {
    'es-MX': 'Otro invitado tiene este correo con otro nombre: quedan los dos.',
    en: 'Another guest has this address under another name: both are kept.',
  },
}
