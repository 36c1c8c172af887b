/*
 * The program `ministore`: ministore_cli with a main around it.
 */
#include "cli.h"

int main(int argc, char **argv) {
    return ministore_cli(argc, argv);
}
