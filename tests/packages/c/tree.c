/* Appends a cJSON tree to the journal given as argument, reads it back as one and prints it. */
#include <ministore_cjson.h>

#include <stdio.h>

int main(int argc, char **argv) {
    ministore_t *journal;
    ministore_cursor_t *cursor;
    cJSON *tree = cJSON_CreateObject(), *back;
    if (argc != 2 || !cJSON_AddStringToObject(tree, "event", "hello")) return 2;

    if (ministore_open(&journal, argv[1], NULL, NULL) < 0) return 1;
    if (ministore_cjson_append(journal, tree, NULL, NULL) < 0 || ministore_close(journal, NULL) < 0) return 1;
    if (ministore_cursor_open(&cursor, argv[1], NULL, NULL) < 0) return 1;
    if (ministore_cjson_next(cursor, &back, NULL, NULL) != MINISTORE_OK) return 1;
    char *text = cJSON_PrintUnformatted(back);
    puts(text);

    cJSON_free(text);
    cJSON_Delete(back);
    cJSON_Delete(tree);
    ministore_cursor_close(cursor);
    return 0;
}
