# SPDX-License-Identifier: Apache-2.0
_meshx()
{
    local current=${COMP_WORDS[COMP_CWORD]-} before=${COMP_WORDS[COMP_CWORD - 1]-}
    local words=()
    COMPREPLY=()
    case $before in
        --certificate|--certificate-authority|--private-key|--token-file|--trust-anchors|--trust-bundle)
            compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return ;;
        --config)
            compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return ;;
    esac
    case "${COMP_WORDS[1]-} ${COMP_WORDS[2]-}" in
        "join "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--server --trust-domain --trust-bundle --trust-anchors --attestor --token-file --certificate --private-key --name --address --set --yes --timeout --json --help --version) ;;
        "status "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--json --help --version) ;;
        "plan "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--config --help --version) ;;
        "entries "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--as --config --help --version) ;;
        "confirm "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--help --version) ;;
        "drain "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--timeout --if-going-down --help --version) ;;
        "undrain "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--help --version) ;;
        "down "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--timeout --help --version) ;;
        "leave "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--timeout --help --version) ;;
        "reaper "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--server --certificate-authority --token-file --at-most --help --version) ;;
        "config validate")
            [[ $COMP_CWORD -gt 2 ]] && words=(--config --help --version) ;;
        "config "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(validate --help --version) ;;
        "wait "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--help --version) ;;
        "version "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--json --help --version) ;;
        "run "*)
            [[ $COMP_CWORD -gt 1 ]] && words=(--help --version) ;;
    esac
    [[ ${#words[@]} -eq 0 && $COMP_CWORD -eq 1 ]] && words=(join status plan entries confirm drain undrain down leave reaper config wait version run --help --version)
    mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$current")
}
complete -F _meshx meshx
