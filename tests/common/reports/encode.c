/* Hashes rows of floats with an exported model, as a program without Python
   would: encode FOLDER INPUT OUTPUT ROWS WIDTH < floats > packed codes. INPUT
   and OUTPUT are names in the graph, such as serving_default_text. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"

static void check(TF_Status *status) {
  if (TF_GetCode(status) == TF_OK) return;
  fprintf(stderr, "%s\n", TF_Message(status));
  exit(1);
}

static TF_Output find(TF_Graph *graph, const char *name) {
  const char *colon = strrchr(name, ':');
  size_t length = colon ? (size_t)(colon - name) : strlen(name);
  char *operation = strndup(name, length);
  TF_Output found = {TF_GraphOperationByName(graph, operation),
                     colon ? atoi(colon + 1) : 0};
  free(operation);
  if (!found.oper) fprintf(stderr, "no %s\n", name), exit(1);
  return found;
}

int main(int count, char **given) {
  if (count != 6) return 2;
  int64_t rows = atoll(given[4]), width = atoll(given[5]);
  int64_t shape[] = {rows, width};
  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *tags[] = {"serve"};
  TF_Session *session = TF_LoadSessionFromSavedModel(
      options, NULL, given[1], tags, 1, graph, NULL, status);
  check(status);
  size_t size = (size_t)(rows * width) * sizeof(float);
  TF_Tensor *input = TF_AllocateTensor(TF_FLOAT, shape, 2, size), *output;
  if (fread(TF_TensorData(input), 1, size, stdin) != size) return 3;
  TF_Output from = find(graph, given[2]), to = find(graph, given[3]);
  TF_SessionRun(session, NULL, &from, &input, 1, &to, &output, 1, NULL, 0,
                NULL, status);
  check(status);
  fwrite(TF_TensorData(output), 1, TF_TensorByteSize(output), stdout);
  return 0;
}
