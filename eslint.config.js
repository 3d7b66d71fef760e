import functional from 'eslint-plugin-functional'
import tseslint from 'typescript-eslint'

/** The loops over typed arrays: local mutation behind pure signatures, on buffers the function made. */
const loops = [
  'src/interpreters/**',
  'src/compiled/**',
  'src/observers/**',
  'src/checkpoint/**',
  'src/input/**',
  'src/model/parameters.ts',
  'src/core/tensor.ts',
  'src/core/well-formed.ts',
]

/** The functions whose last bits ECMAScript leaves to the engine. */
const rounded = [
  ...['acos', 'acosh', 'asin', 'asinh', 'atan', 'atan2', 'atanh', 'cbrt', 'cos', 'cosh', 'exp', 'expm1', 'hypot'],
  ...['log', 'log10', 'log1p', 'log2', 'pow', 'sin', 'sinh', 'tan', 'tanh'],
]

export default tseslint.config(
  { ignores: ['dist/**', 'docs/**', 'src/compiled/wasm/assembly/**', '**/*.js', '**/*.mjs', 'reports/**'] },
  {
    files: ['src/**/*.ts', 'properties/**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off', // sentences show values of any kind
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-spread': 'off', // strings are spread into code points on purpose
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { requireDefaultForNonUnion: true }],
      '@typescript-eslint/require-await': 'off', // an async function is how a throw becomes a rejection
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^fp-ts(?!/lib/[A-Za-z]+\\.js$)',
              message: 'import fp-ts/lib/<Module>.js, the only form that plain Node loads',
            },
          ],
        },
      ],
    },
  },
  {
    // Nothing but the command line sees clocks, the process or chance.
    files: ['src/**/*.ts', 'properties/**/*.ts'],
    ignores: ['src/cli/**', 'properties/setup.ts'],
    rules: {
      'no-restricted-globals': ['error', 'Date', 'performance', 'process', 'console', 'fetch'],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'randomness is a seed passed in' },
        ...rounded.map((property) => ({
          object: 'Math',
          property,
          message: 'engines may choose its last bits; src/core/functions.ts has those that are specified',
        })),
      ],
    },
  },
  {
    files: ['src/core/**/*.ts', 'src/model/**/*.ts'],
    ignores: loops,
    plugins: { functional },
    rules: {
      'functional/no-let': 'error',
      'functional/immutable-data': 'error',
      'functional/no-loop-statements': 'error',
      'functional/no-throw-statements': 'error',
      'functional/no-class-inheritance': 'error',
      'functional/no-classes': 'error',
      'functional/no-expression-statements': 'error',
      'functional/prefer-immutable-types': ['error', { enforcement: 'ReadonlyShallow', ignoreInferredTypes: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { functional },
    rules: {
      'functional/no-classes': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'BinaryExpression[operator="**"][left.type!="Literal"]',
          message: 'engines may choose the last bits of a power; those of 2 are exact',
        },
      ],
    },
  },
)
