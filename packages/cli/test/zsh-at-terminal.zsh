# Prints what zsh lists for a line that was begun, as a Tab would: `zsh -f zsh-at-terminal.zsh SCRIPT LINE`.
zmodload zsh/zpty

# Reads until the terminal shows $1; what it showed before that is in $seen.
read_until() {
  local chunk
  seen=""
  while [[ $seen != *$1* ]]; do zpty -r shell chunk || exit 1; seen+=$chunk; done
  seen=${seen%%$1*}
}

zpty shell "env -i HOME=${(q)HOME} PATH=${(q)PATH} TERM=dumb LANG=C.UTF-8 zsh -f -i"
zpty -w shell "stty columns 400 rows 400; PS1= LISTMAX=10000; unsetopt zle_bracketed_paste prompt_cr prompt_sp beep"
zpty -w shell "autoload -Uz compinit; compinit -u -D; source ${(q)1}"
# The marks are put together here, so that the command's echo is no mark.
zpty -w shell "say_end() { print -r -- '<'END'>' }; zle -N say_end; bindkey '^Xe' say_end '^Xl' list-choices; print -r -- '<'START'>'"
read_until '<START>'
zpty -w -n shell "$2"$'\C-xl\C-xe'
read_until '<END>'
zpty -d shell
print -r -- ${seen//$'\r'/}
