// SPDX-License-Identifier: Apache-2.0
import { Argument, type Command } from 'commander';
import type { RegisterCommand } from '../command.js';

const SCRIPTS = {
  bash: `_carabiner() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(carabiner complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _carabiner carabiner
`,
  zsh: `#compdef carabiner
_carabiner() {
  local -a candidates
  candidates=("\${(@f)$(carabiner complete -- "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  compadd -a candidates
  _files
}
compdef _carabiner carabiner
`,
  fish: `complete -c carabiner -a '(carabiner complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const;

const EXAMPLES = `
Examples:
  $ carabiner completion bash > /etc/bash_completion.d/carabiner
  $ source <(carabiner completion zsh)
  $ carabiner completion fish > ~/.config/fish/completions/carabiner.fish
`;

/** `carabiner completion`: the script that teaches a shell this program's words. */
export const registerCompletion: RegisterCommand = (program, { io }) => {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: keyof typeof SCRIPTS) => io.out(SCRIPTS[shell]));
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action((words: readonly string[]) => {
      const found = candidates(program, words);
      if (found.length > 0) io.out(`${found.join('\n')}\n`);
    });
};

/** Words that can follow: commands where one is expected, options after a dash. Files are left to the shell. */
export function candidates(program: Command, words: readonly string[]): readonly string[] {
  const last = words.at(-1) ?? '';
  let command = program;
  for (const word of words.slice(0, -1))
    command = command.commands.find((child) => child.name() === word) ?? command;
  const options = command.options.flatMap(({ long, hidden }) =>
    long !== undefined && !hidden ? [long] : [],
  );
  const names = command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name());
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return (last.startsWith('-') ? [...options, '--help'] : [...names, ...choices])
    .filter((word) => word.startsWith(last))
    .sort();
}
